"""What Redis runs: the scripts of ``limits``, put together into one.

Its scripts know one window each. An attempt counts against several, and must
take a place in all of them or in none, in one round trip.
"""

_ALL_OR_NONE = """
local function acquire(KEYS, ARGV)
{acquire}
end

local function look(KEYS, ARGV)
{look}
end

local now = ARGV[1]

local function limit_of(number)
    return ARGV[2 * number], ARGV[2 * number + 1]
end

local refused = false
for number, key in ipairs(KEYS) do
    local attempts, seconds = limit_of(number)
    if not acquire({{key}}, {{now, attempts, seconds, 1}}) then
        for taken = 1, number - 1 do
            redis.call('lpop', KEYS[taken])
        end
        refused = true
        break
    end
end
if not refused then
    return false
end

local full_until = {{}}
for number, key in ipairs(KEYS) do
    local attempts, seconds = limit_of(number)
    local found = look({{key}}, {{now - seconds, attempts}})
    if found and found[2] >= tonumber(attempts) then
        table.insert(full_until, string.format('%.6f', found[1] + seconds))
    end
end
return full_until
"""


def take_script(*, acquire: str, look: str) -> str:
    """Return a script that takes a place in every window, or in none.

    Keys: one for each window. Arguments: the time, then of each window how
    many attempts, and in how many seconds. It returns nothing; or, if a window
    is full, until when those are that are.

    Args:
        acquire: The script of ``limits`` that takes a place in one window.
        look: The one that says when its oldest entry was made, and how many there are.
    """
    return _ALL_OR_NONE.format(acquire=acquire, look=look)
