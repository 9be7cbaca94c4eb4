"""What a site knows: a library in floors, wire < core < base < media < dialers."""
