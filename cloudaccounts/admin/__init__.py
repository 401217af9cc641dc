"""For operators: all owners' accounts. No secret is anywhere; changes go through the services that pages use."""

from django.contrib import admin

from cloudaccounts.admin import accounts, groups, organizations, people, records

__all__ = ["accounts", "groups", "organizations", "people", "records"]

admin.site.site_header = "Cloud Accounts: operators"
admin.site.site_title = "Cloud Accounts"
