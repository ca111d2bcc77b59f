"""From a forecast and the rules to the best plan, with its certificate. The solver is known only here."""
