"""Laws that give the size of an effect: one small module a family, all of them listed in ``registry``."""
