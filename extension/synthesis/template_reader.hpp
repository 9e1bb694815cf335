// Reads a template out of a document, and gathers everything that is wrong with it.
#pragma once

#include <initializer_list>
#include <optional>

#include "synthesis/template.hpp"

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

class TemplateReader {
public:
    TemplateReader(const Value& document, Template& result) : document_(document), result_(result) {}

    // The faults; the template is whole when there are none.
    std::vector<Fault> read();

private:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    void read_head(const Section& root);
    void read_schema(const Section& root);
    void read_metric(const Section& schema, std::size_t index);
    void read_rules(const Section& root);
    void read_rule(const Section& rule, std::size_t column);
    void read_model(const Section& rule, Metric& metric);
    void read_bounds(const Section& rule, Metric& metric);
    void read_level(const Section& rule, Metric& metric);
    void read_references(const Section& rule, Metric& metric);
    void read_correlation(const Section& rule, std::size_t column);
    void read_expression(const Section& rule, std::size_t column);
    void check_level(const Section& rule, const Metric& metric);
    void check_dependencies();
    void check_correlations();
    void check_expressions();
    void read_validation(const Section& root);
    void read_identity(const Section& identity);
    void read_ranges(const Section& ranges);
    void read_defaults(const Section& root);

    std::size_t column_of(std::string_view name) const noexcept;
    std::optional<std::string_view> metric_named(const Section& rule, std::string_view member,
                                                 std::size_t self);
    std::string_view keep(std::string_view text);
    std::string rule_path(std::size_t column) const;
    bool visit(std::size_t column, std::vector<std::size_t>& way, std::vector<char>& state);

    const Value& document_;
    Template& result_;
    FaultList faults_;
    std::vector<std::string_view> names_; // of the metrics, by column
};

} // namespace auxeira::synthesis
