"""Inputs that a server keeps: http, https, and the object stores of three clouds."""
