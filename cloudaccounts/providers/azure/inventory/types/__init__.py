"""The types whose details checks need, by resource provider: what is stored of each, and where Azure's answer has it.

Shapes: https://github.com/Azure/azure-rest-api-specs, each type's newest stable version.
"""
