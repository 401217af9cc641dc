PRODUCT_NAME = "Cloud Accounts"  # on pages, in authenticators' lists
