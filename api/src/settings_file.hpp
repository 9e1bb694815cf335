// Settings from a file beside those of the environment: unlike the latter it can change while the program
// runs.
#pragma once

#include "settings.hpp"

#include <string>

namespace auxeira::api {

// The environment, and for what is not set there the file that its AUXEIRA_SETTINGS_FILE names: NAME=value in
// each line, or nothing, or a comment that begins with #. Read when this is called. Throws SettingsError.
Environment with_settings_file(const Environment& environment);

} // namespace auxeira::api
