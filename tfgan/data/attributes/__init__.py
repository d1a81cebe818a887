"""Reads images with attributes: the tables of attributes, the choice of what is learned, and the sources of such images."""
