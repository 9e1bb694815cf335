// The database behind a pool of connections.
//
// Whoever asks a question sends it on a connection that is idle, and one thread waits for the replies of all:
// nothing is switched to for sending, and many replies are read in one go. What may take its time (steps of
// several statements, connecting, repeating, large replies) is lent a connection on a thread of its own.
#pragma once

#include "database_session.hpp"
#include "descriptor.hpp"
#include "histogram.hpp"
#include "queue.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace auxeira::api {

// How much a pool has to do.
struct PoolFigures {
    std::size_t workers = 0;
    std::size_t connected = 0;
    std::size_t busy = 0;
    std::size_t waiting = 0;
    std::size_t room = 0; // for those that wait
};

// One statement, and who wants to know what becomes of it.
struct Question {
    Session::Values given() const { return {values.data(), count}; }

    Statement statement = Statement::call;
    std::array<const char*, 4> values{}; // these stay where they are until it is answered
    std::size_t count = 0;
    bool may_be_repeated = false; // after the connection was lost
    std::chrono::steady_clock::time_point begin_by;
    // With the time that the database took; on a thread of the pool, for others to wait. Must not throw.
    std::function<void(const Reply&, std::chrono::nanoseconds)> answered;
};

class Database {
public:
    // Runs on a thread of its own with its session. Must not throw.
    using Task = std::function<void(Session&)>;

    explicit Database(const DatabaseSettings& settings);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void start();
    void stop(); // after all that is waiting

    // Waits for the first connection; false when there is none in time.
    bool up_within(std::chrono::milliseconds patience) const;

    // Whether there is any connection. While there is none, calls should fail at once instead of waiting.
    bool up() const { return connected_ > 0; }

    // False when too many are waiting.
    bool ask(Question question) { return take(std::move(question)); }
    bool submit(Task task) { return take(std::move(task)); }

    PoolFigures figures() const;
    const Histogram& round_trips() const { return round_trips_; }

private:
    using Clock = std::chrono::steady_clock;
    using Job = std::variant<Question, Task>;
    struct Lane;
    struct Loan {
        Lane* lane;
        Task task;
    };

    bool take(Job job);
    // These own the lane. The bool is true when the job is over already.
    void serve(Lane& lane);
    std::optional<Job> next_job(Lane& lane);
    bool begin(Lane& lane, Job job);
    bool begin_question(Lane& lane, Question question);
    void lend(Lane& lane, Task task);
    void wake_up(Lane& lane);
    static void conclude(Session& session, const Question& question, Reply reply);
    static void run(Lane& lane, const Task& task);
    void reconnect(Lane& lane);
    void count(Lane& lane);
    void listen_to(Lane& lane, bool wanted) const;

    void work();  // a thread for each lane
    void watch(); // one thread for all
    void heard(Lane& lane);
    void settle(Lane& lane, Question question, Reply reply);
    void look_at_all();
    void check_idle(Lane& lane);
    void mend(Lane& lane);
    void refuse_all();
    bool claim(Lane& lane, std::vector<Lane*>& from);

    const DatabaseSettings settings_;
    const std::string conninfo_;
    Histogram round_trips_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::atomic<std::size_t> connected_{0};
    std::atomic<std::size_t> busy_{0};
    mutable std::mutex mutex_;
    std::condition_variable settled_;
    std::deque<Job> waiting_;
    std::vector<Lane*> idle_;
    std::vector<Lane*> down_; // to be connected anew, when it is time
    bool closed_ = true;
    std::atomic<bool> stopping_{false};
    Descriptor epoll_, wake_;
    Queue<Loan> loans_;
    std::vector<std::thread> threads_;
};

} // namespace auxeira::api
