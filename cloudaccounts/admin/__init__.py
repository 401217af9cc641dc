"""The operators' site: all owners' accounts, without secrets. Changes go through the services that pages use."""

from django.contrib import admin

from cloudaccounts.admin import accounts, groups, organizations, people, records

__all__ = ["accounts", "groups", "organizations", "people", "records"]

admin.site.site_header = "Cloud Accounts: operators"
admin.site.site_title = "Cloud Accounts"
