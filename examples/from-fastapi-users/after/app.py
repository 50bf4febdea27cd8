from fastapi import Depends, FastAPI

from after.db import User
from after.users import auth
from fastauth_kit import get_auth_router, get_users_router

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/users", tags=["users"])


@app.get("/authenticated-route")
async def authenticated_route(user: User = Depends(auth.current_user)):
    return {"message": f"Hello {user.email}!"}
