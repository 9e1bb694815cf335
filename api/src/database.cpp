#include "database.hpp"

#include "log.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>

namespace auxeira::api {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{1000}; // so that requests work soon after the database does
constexpr milliseconds tick{100};
constexpr milliseconds rest{10};                 // after it a connection is looked at before it is used
constexpr std::size_t large_reply = 64UL * 1024; // others are not to wait until it is compressed
constexpr std::size_t events_at_once = 64;

} // namespace

// A connection. It belongs to one thread at a time: to whoever took it out of the list of those that are
// idle, until a question has been sent; then to the one that watches; or to the one that it is lent to.
struct Database::Lane {
    Lane(const std::string& conninfo, const DatabaseSettings& settings, Histogram& round_trips)
        : session(conninfo, settings.statement_timeout, &round_trips) {}

    Session session;
    std::mutex mutex; // sending ends before the reply is looked at
    bool is_asked = false;
    Question question; // that it is asked
    bool has_job = false;
    bool is_counted = false;
    Clock::time_point used{};
    milliseconds pause = first_pause;
    Clock::time_point next_attempt{};
};

Database::Database(const DatabaseSettings& settings)
    : settings_(settings), conninfo_(conninfo(settings, "auxeira-api")), loans_(settings.workers) {
    for (std::size_t i = 0; i < settings.workers; ++i)
        lanes_.push_back(std::make_unique<Lane>(conninfo_, settings_, round_trips_));
}

Database::~Database() {
    stop();
}

PoolFigures Database::figures() const {
    const std::lock_guard lock(mutex_);
    return {settings_.workers, connected_, busy_, waiting_.size(), settings_.queue};
}

void Database::start() {
    epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_event event{EPOLLIN, {.ptr = nullptr}};
    if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
        throw std::runtime_error("no descriptor to watch the database with");
    closed_ = false;
    idle_.reserve(lanes_.size());
    down_.reserve(lanes_.size());
    for (const auto& lane : lanes_) {
        threads_.emplace_back([this] { work(); });
        mend(*lane);
    }
    threads_.emplace_back([this] { watch(); });
}

bool Database::up_within(milliseconds patience) const {
    for (const auto end = Clock::now() + patience; !up() && Clock::now() < end;)
        std::this_thread::sleep_for(milliseconds(5));
    return up();
}

void Database::stop() {
    if (threads_.empty()) return;
    {
        std::unique_lock lock(mutex_);
        closed_ = true;
        settled_.wait(lock, [this] { return waiting_.empty() && busy_ == 0; });
    }
    stopping_ = true;
    eventfd_write(wake_.get(), 1);
    loans_.close();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

bool Database::take(Job job) {
    Lane* lane = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || (idle_.empty() && waiting_.size() >= settings_.queue)) return false;
        if (idle_.empty()) {
            waiting_.push_back(std::move(job));
            return true;
        }
        lane = idle_.back(); // the one that was used last: what its server process knows is at hand
        idle_.pop_back();
        lane->has_job = true;
        ++busy_;
    }
    if (begin(*lane, std::move(job))) serve(*lane);
    return true;
}

// Gives the lane what waits for one, or a rest.
void Database::serve(Lane& lane) {
    while (auto job = next_job(lane))
        if (!begin(lane, std::move(*job))) return;
}

std::optional<Database::Job> Database::next_job(Lane& lane) {
    const bool connected = lane.session.connected();
    const bool is_due = !connected && Clock::now() >= lane.next_attempt;
    if (!is_due) count(lane); // what can be mended at once is not down
    std::optional<Job> job;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(lane.has_job, false)) --busy_;
        if (connected && !waiting_.empty()) {
            job = std::move(waiting_.front());
            waiting_.pop_front();
            lane.has_job = true;
            ++busy_;
        } else if (!is_due) {
            (connected ? idle_ : down_).push_back(&lane);
        }
        if (closed_) settled_.notify_all();
    }
    if (is_due) mend(lane);
    return job;
}

bool Database::begin(Lane& lane, Job job) {
    if (auto* const question = std::get_if<Question>(&job)) return begin_question(lane, std::move(*question));
    lend(lane, [this, &lane, task = std::move(std::get<Task>(job))](Session& session) {
        wake_up(lane);
        task(session);
    });
    return false;
}

bool Database::begin_question(Lane& lane, Question question) {
    const Clock::time_point now = Clock::now();
    if (now > question.begin_by) {
        question.answered(Reply::late(), {});
        return true;
    }
    if (now - lane.used > rest) lane.session.check();
    const std::lock_guard lock(lane.mutex);
    lane.used = now;
    lane.session.take_time(); // of others
    if (lane.session.connected() && lane.session.begin(question.statement, question.given())) {
        lane.question = std::move(question);
        lane.is_asked = true;
        return false;
    }
    const bool is_begun = lane.session.connected();
    lend(lane, [this, &lane, is_begun, asked = std::move(question)](Session& session) {
        if (!is_begun) {
            wake_up(lane);
            session.begin(asked.statement, asked.given());
        }
        conclude(session, asked, session.finish());
    });
    return false;
}

void Database::lend(Lane& lane, Task task) {
    listen_to(lane, false);
    loans_.push({&lane, std::move(task)});
}

// On the thread that the lane is lent to: it was lost while nobody used it, or the database has come back
// since.
void Database::wake_up(Lane& lane) {
    lane.session.check();
    if (!lane.session.connected()) reconnect(lane);
}

// Likewise.
void Database::conclude(Session& session, const Question& question, Reply reply) {
    reply = session.insist(std::move(reply), question.statement, question.given());
    if (reply.state() == Reply::State::lost && question.may_be_repeated && session.connect())
        reply = session.run(question.statement, question.given());
    question.answered(std::move(reply), session.take_time());
}

// Only the first connection and the loss of the last one are news.
void Database::count(Lane& lane) {
    if (lane.is_counted == lane.session.connected()) return;
    lane.is_counted = lane.session.connected();
    if (lane.is_counted && connected_++ == 0) log_line(Level::info, settings_.name + " connected");
    if (!lane.is_counted && --connected_ == 0)
        log_line(Level::error, settings_.name + " lost", JsonObject().text("reason", lane.session.fault()));
}

void Database::reconnect(Lane& lane) {
    if (lane.session.connect()) {
        lane.pause = first_pause;
        return;
    }
    const Level level = lane.pause == first_pause ? Level::warn : Level::debug; // not every attempt
    log_line(level, settings_.name + " connection failed", JsonObject().text("reason", lane.session.fault()));
    lane.next_attempt = Clock::now() + with_jitter(lane.pause);
    lane.pause = std::min(lane.pause * 2, longest_pause);
}

void Database::mend(Lane& lane) {
    if (lane.is_counted)
        log_line(Level::warn, settings_.name + " connection lost",
                 JsonObject().text("reason", lane.session.fault()));
    lend(lane, [this, &lane](Session&) { reconnect(lane); });
}

void Database::listen_to(Lane& lane, bool wanted) const {
    if (!lane.session.connected()) return;
    epoll_event event{EPOLLIN, {.ptr = &lane}};
    ::epoll_ctl(epoll_.get(), wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, lane.session.socket(), &event);
}

// --- The threads that lanes are lent to
// -----------------------------------------------------------------------------

void Database::run(Lane& lane, const Task& task) {
    try {
        task(lane.session);
    } catch (...) {
        log_current_exception("database worker failed");
    }
}

void Database::work() {
    while (!stopping_) {
        auto loan = loans_.pop(longest_pause);
        if (!loan) continue;
        run(*loan->lane, loan->task);
        loan->task = nullptr; // what it holds must not outlive its job
        listen_to(*loan->lane, true);
        serve(*loan->lane);
    }
}

// --- The thread that watches
// ----------------------------------------------------------------------------------------

void Database::watch() {
    std::array<epoll_event, events_at_once> events{};
    Clock::time_point looked = Clock::now();
    while (!stopping_) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), tick.count());
        try {
            for (int i = 0; i < count; ++i)
                if (auto* const lane = static_cast<Lane*>(events[static_cast<std::size_t>(i)].data.ptr))
                    heard(*lane);
            if (Clock::now() - looked < tick) continue;
            looked = Clock::now();
            look_at_all();
        } catch (...) {
            log_current_exception("watching the database failed");
        }
    }
}

void Database::heard(Lane& lane) {
    Question question;
    std::optional<Reply> reply;
    {
        const std::lock_guard lock(lane.mutex);
        if (lane.is_asked) {
            reply = lane.session.advance();
            if (!reply) return;
            lane.is_asked = false;
            question = std::move(lane.question);
        }
    }
    if (!reply) return check_idle(lane);
    settle(lane, std::move(question), std::move(*reply));
}

// The lane goes on before the answer is made, so that the server has something to do meanwhile.
void Database::settle(Lane& lane, Question question, Reply reply) {
    const bool goes_on =
        reply.is_undone() || (reply.state() == Reply::State::lost && question.may_be_repeated);
    if (goes_on || reply.size() > large_reply) {
        auto held = std::make_shared<Reply>(std::move(reply));
        return lend(lane, [held, asked = std::move(question)](Session& session) {
            conclude(session, asked, std::move(*held));
        });
    }
    const auto taken = lane.session.take_time();
    serve(lane);
    question.answered(std::move(reply), taken);
}

// Nobody asked: it is the end of the connection, or a notice.
void Database::check_idle(Lane& lane) {
    if (!claim(lane, idle_)) return;
    lane.session.check();
    serve(lane);
}

bool Database::claim(Lane& lane, std::vector<Lane*>& from) {
    const std::lock_guard lock(mutex_);
    const auto place = std::find(from.begin(), from.end(), &lane);
    if (place == from.end()) return false;
    from.erase(place);
    return true;
}

void Database::look_at_all() {
    const Clock::time_point now = Clock::now();
    for (const auto& lane : lanes_) {
        std::unique_lock lock(lane->mutex);
        if (lane->is_asked && now >= lane->session.deadline()) {
            lane->is_asked = false;
            Question question = std::move(lane->question);
            Reply reply = lane->session.time_out();
            lock.unlock();
            settle(*lane, std::move(question), std::move(reply));
        } else if (!lane->is_asked) {
            lock.unlock();
            if (claim(*lane, down_)) now >= lane->next_attempt ? mend(*lane) : serve(*lane);
        }
    }
    if (connected_ == 0) refuse_all();
}

// Nobody could say when there will be a connection again.
void Database::refuse_all() {
    std::deque<Job> jobs;
    {
        const std::lock_guard lock(mutex_);
        jobs.swap(waiting_);
        settled_.notify_all();
    }
    Session none(conninfo_, settings_.statement_timeout);
    for (Job& job : jobs) {
        if (auto* const question = std::get_if<Question>(&job))
            question->answered(Reply::lost(), {});
        else
            std::get<Task>(job)(none);
    }
}

} // namespace auxeira::api
