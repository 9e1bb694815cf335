// What the pure rooms throw when they refuse an input: nothing here knows PostgreSQL or HTTP.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace auxeira {

// Why an input was refused; the boundary maps each reason to one SQLSTATE.
enum class Reason { invalid_value, missing_field };

// One fault: where it is (a path such as `responses.team.q1`) and what would be right.
struct Fault {
    std::string path;
    std::string message;
};

// A refusal with every fault found. The detail has one `path: message` line for each fault.
class Rejection : public std::exception {
public:
    Rejection(Reason reason, std::string message, const std::vector<Fault>& faults = {},
              std::string hint = {})
        : reason_(reason), message_(std::move(message)), detail_(lines_of(faults)), hint_(std::move(hint)) {}

    const char* what() const noexcept override { return message_.c_str(); }
    Reason reason() const noexcept { return reason_; }
    const std::string& message() const noexcept { return message_; }
    const std::string& detail() const noexcept { return detail_; }
    const std::string& hint() const noexcept { return hint_; }

private:
    static std::string lines_of(const std::vector<Fault>& faults) {
        std::string lines;
        for (const Fault& fault : faults) {
            if (!lines.empty()) lines += '\n';
            lines += fault.path + ": " + fault.message;
        }
        return lines;
    }

    Reason reason_;
    std::string message_;
    std::string detail_; // made when thrown: whoever catches may not be able to allocate
    std::string hint_;
};

} // namespace auxeira
