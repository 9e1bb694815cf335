// The sockets that a thread waits on, for another thread to end that wait.
#pragma once

#include <mutex>
#include <set>

#include <poll.h>
#include <sys/socket.h>

namespace auxeira::api {

class Lifeline {
public:
    void hold(int socket) {
        const std::lock_guard lock(mutex_);
        sockets_.insert(socket);
        if (is_cut_) ::shutdown(socket, SHUT_RDWR);
    }

    // Before it is closed: its number may be another's then.
    void let_go(int socket) {
        const std::lock_guard lock(mutex_);
        sockets_.erase(socket);
    }

    // For good: whoever reads finds the end at once.
    void cut() {
        const std::lock_guard lock(mutex_);
        is_cut_ = true;
        for (const int socket : sockets_)
            ::shutdown(socket, SHUT_RDWR);
    }

    bool is_cut() const {
        const std::lock_guard lock(mutex_);
        return is_cut_;
    }

private:
    mutable std::mutex mutex_;
    std::set<int> sockets_;
    bool is_cut_ = false;
};

} // namespace auxeira::api
