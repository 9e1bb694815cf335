// Giving up the rights of root before any request is read.
#pragma once

#include <string>

namespace auxeira::api {

// Does nothing unless the process runs as root. Throws SettingsError when the user cannot become the named
// one for good.
void drop_privileges(const std::string& user);

} // namespace auxeira::api
