from django.urls import path

from cloudaccounts.web.lazy_views import Views
from config.simulated.guard import only_in_the_sandbox

views = Views("config.simulated.views")

urlpatterns = [
    path("", only_in_the_sandbox(views.credentials), name="sandbox"),
    path("received/", only_in_the_sandbox(views.received), name="sandbox-received"),
    path("<slug:cloud>/<slug:slug>/", only_in_the_sandbox(views.use), name="sandbox-use"),
]
