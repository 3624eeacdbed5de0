"""Events in ten languages, and whether adding one of them changes what a query finds among the others."""
