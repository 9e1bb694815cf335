// Reading a document member by member, with a fault for everything that is not as it should be.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rejection.hpp"
#include "synthesis/document.hpp"

namespace auxeira::synthesis {

// The faults of a document, each with its path.
class FaultList {
public:
    // More are counted, not kept.
    static constexpr std::size_t most = 200;

    void add(std::string path, std::string message);
    bool empty() const noexcept { return all_.empty(); }
    std::vector<Fault> take();

private:
    std::vector<Fault> all_;
    std::size_t dropped_ = 0;
};

using Names = std::span<const std::string_view>;

// `a, b or c`, with what joins the last.
std::string listed(Names names, std::string_view last_joint = ", ");

// The shortest text that reads back as the same number.
std::string show(double value);

// An object of the document: reads its members, each with its path.
class Section {
public:
    Section(const Value& object, std::string path, FaultList& faults)
        : object_(object), path_(std::move(path)), faults_(faults) {}

    const std::string& path() const noexcept { return path_; }
    std::string path_to(std::string_view name) const { return path_of(path_, name); }
    bool has(std::string_view name) const noexcept { return object_.member(name) != nullptr; }
    void fault(std::string_view name, std::string message) const {
        faults_.add(path_to(name), std::move(message));
    }

    // Members that nobody would read are faults.
    void only(std::span<const std::string_view> known, std::string_view reason = "is not known here") const;
    const Value* object(std::string_view name, bool is_required = true) const;
    std::optional<double> number(std::string_view name, double least, double most) const;
    std::optional<double> whole(std::string_view name, double least, double most) const;
    std::optional<std::string_view> text(std::string_view name, std::size_t longest) const;
    // The position among the choices.
    std::optional<std::size_t> choice(std::string_view name, std::span<const std::string_view> choices) const;

    const std::vector<std::string>& names() const noexcept { return object_.names; }
    const std::vector<Value>& items() const noexcept { return object_.items; }

private:
    const Value& object_;
    std::string path_;
    FaultList& faults_;
};

} // namespace auxeira::synthesis
