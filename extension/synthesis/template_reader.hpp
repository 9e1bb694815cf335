// Reads a template out of a document, and gathers everything that is wrong with it.
#pragma once

#include <optional>

#include "synthesis/section.hpp"
#include "synthesis/template.hpp"
#include "synthesis/template_models.hpp"

namespace auxeira::synthesis {

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
    void read_bounds(const Section& rule, Metric& metric);
    void read_references(const Section& rule, const Model& model, Metric& metric);
    void read_correlation(const Section& rule, std::size_t column);
    void read_expression(const Section& rule, std::size_t column);
    void check_dependencies();
    void check_correlations();
    void check_expressions();
    void read_validation(const Section& root);
    void read_identity(const Section& identity);
    void read_ranges(const Section& ranges);
    void read_defaults(const Section& root);
    void read_window(const Section& parameters);
    void read_company(const Section& parameters);
    void read_disturbance(const Section& parameters);

    void fingerprint();
    std::size_t column_of(std::string_view name) const noexcept;
    std::optional<std::string_view> metric_named(const Section& rule, std::string_view member,
                                                 std::size_t self);
    std::string_view keep(std::string_view text);
    std::string rule_path(std::size_t column) const;
    // What a metric is made of, by the member of the rule that says so.
    struct Input {
        std::string_view member;
        std::size_t column;
    };
    std::vector<Input> inputs_of(std::size_t column) const;
    bool visit(std::size_t column, std::vector<std::size_t>& way, std::vector<char>& state) const;

    const Value& document_;
    Template& result_;
    FaultList faults_;
    std::vector<std::string_view> names_; // of the metrics, by column
};

} // namespace auxeira::synthesis
