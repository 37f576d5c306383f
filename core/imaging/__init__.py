"""From stored pixels to a picture, under guard."""
