"""Accounts from elsewhere: files and tables become accounts, with the hashes they have."""

from fastauth_kit.surfaces.importing.csv_source import CsvSource
from fastauth_kit.surfaces.importing.events import UsersImported
from fastauth_kit.surfaces.importing.firebase import hash_composer
from fastauth_kit.surfaces.importing.importer import ImportOptions, import_users
from fastauth_kit.surfaces.importing.json_source import JsonDocumentSource, JsonLinesSource
from fastauth_kit.surfaces.importing.mapping import PRESETS, Preset
from fastauth_kit.surfaces.importing.record import Record, Source, SourceRefused
from fastauth_kit.surfaces.importing.report import Report, Tally
from fastauth_kit.surfaces.importing.table_source import TableSource, same_place, source_url
from fastauth_kit.surfaces.importing.writing import Run

__all__ = [
    "PRESETS",
    "CsvSource",
    "ImportOptions",
    "JsonDocumentSource",
    "JsonLinesSource",
    "Preset",
    "Record",
    "Report",
    "Run",
    "Source",
    "SourceRefused",
    "TableSource",
    "Tally",
    "UsersImported",
    "hash_composer",
    "import_users",
    "same_place",
    "source_url",
]
