#include "privileges.hpp"

#include "settings.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace auxeira::api {

namespace {

[[noreturn]] void refuse(const std::string& user, const std::string& reason) {
    throw SettingsError("AUXEIRA_RUN_AS=" + user + " is wrong: " + reason +
                        "; allowed: the name of an unprivileged user");
}

} // namespace

void drop_privileges(const std::string& user) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::geteuid() != 0) return;
    const passwd* entry = ::getpwnam(user.c_str());
    if (entry == nullptr) refuse(user, "there is no such user");
    if (entry->pw_uid == 0) refuse(user, "it is root itself");
    const bool dropped = ::initgroups(user.c_str(), entry->pw_gid) == 0 && ::setgid(entry->pw_gid) == 0 &&
                         ::setuid(entry->pw_uid) == 0;
    if (!dropped || ::setuid(0) == 0) refuse(user, "the system does not let this process become it");
}

} // namespace auxeira::api
