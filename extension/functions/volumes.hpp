// Columns from which one can tell how many rows a table has, those of others included.
#pragma once

namespace auxeira::functions {

// Refuses them to whoever sees a part of the rows. Called once, when the library is loaded.
void withhold_volumes();

} // namespace auxeira::functions
