"""The OpenAPI description and the Postman collection, built from the contracts of the views."""
