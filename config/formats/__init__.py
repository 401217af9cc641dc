"""How Django writes dates where no template says how: in the admin. Named by ``FORMAT_MODULE_PATH``."""
