"""What a site knows: a library in layers, wire < core < base < media < dialers."""
