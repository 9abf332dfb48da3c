"""What the wall's panels show, part by part."""
