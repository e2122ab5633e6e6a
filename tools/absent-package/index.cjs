/** Nothing: see package.json beside it. */
