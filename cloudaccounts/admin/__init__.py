"""The operators' site: all owners' accounts, without secrets. Changes go through the services that pages use."""

from django.contrib import admin

# Importing registers: Django looks for a module of this name in each app.
from cloudaccounts.admin import accounts, groups, organizations, people, records, teams

__all__ = ["accounts", "groups", "organizations", "people", "records", "teams"]

admin.site.site_header = "Cloud Accounts: operators"
admin.site.site_title = "Cloud Accounts"
