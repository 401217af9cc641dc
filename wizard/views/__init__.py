from wizard.views.fragments import method_fields, region_fields, validation_progress
from wizard.views.pages import discard, drafts, drafts_panel, setup_file, validate
from wizard.views.wizard import account_wizard

__all__ = [
    "account_wizard",
    "discard",
    "drafts",
    "drafts_panel",
    "method_fields",
    "region_fields",
    "setup_file",
    "validate",
    "validation_progress",
]
