"""How ions move: nets of hops, where they connect, and which of a rock salt's tetrahedra let lithium pass."""
