from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"
    label = "project"

    def ready(self) -> None:
        from django.forms import ChoiceField, Field, FileField

        from config import checks  # noqa: F401  # registers the system checks

        # What a form says where its field has no word of its own, in forms of libraries as well: what to do, instead of
        # "This field is required."
        Field.default_error_messages["required"] = "Fill this in."
        ChoiceField.default_error_messages["required"] = "Choose one."
        FileField.default_error_messages["required"] = "Choose a file."
