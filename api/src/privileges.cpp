#include "privileges.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <stdexcept>

namespace auxeira::api {

void drop_privileges(const std::string& user) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::geteuid() != 0) return;
    const passwd* entry = ::getpwnam(user.c_str());
    if (entry == nullptr) throw std::runtime_error("AUXEIRA_RUN_AS=" + user + ": no such user");
    if (entry->pw_uid == 0) throw std::runtime_error("AUXEIRA_RUN_AS=" + user + ": is root itself");
    const bool dropped = ::initgroups(user.c_str(), entry->pw_gid) == 0 && ::setgid(entry->pw_gid) == 0 &&
                         ::setuid(entry->pw_uid) == 0;
    if (!dropped || ::setuid(0) == 0)
        throw std::runtime_error("AUXEIRA_RUN_AS=" + user + ": cannot become this user");
}

} // namespace auxeira::api
