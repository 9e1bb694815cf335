// Templates: dashboards that users write. What a template says of its metrics is read and checked once; the
// series comes from the same generator as that of the catalogue, and every point is held against the
// template's rules.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rejection.hpp"
#include "synthesis/config.hpp"
#include "synthesis/document.hpp"
#include "synthesis/expression.hpp"

namespace auxeira::synthesis {

// The members of a document that are read, as docs of auxeira.check_template() tell:
//   user_type, template_name
//   data_schema        {metric: {type, unit, kind, decimals}}
//   generation_rules   {metric: {model, distribution, ...}} or {metric: {expression}}
//   validation_rules   {identities: [{name, expression, tolerance}], ranges: {metric: {minimum, maximum}}}
//   default_parameters {count, timeRangeDays, variance, trend, ...}
class Template {
public:
    static constexpr std::size_t most_metrics = 100;
    static constexpr std::size_t most_identities = 100;

    struct Identity {
        std::string name, text;
        Condition condition;
        double tolerance;
    };
    struct Range {
        std::size_t column;
        double minimum, maximum;
    };

    // Throws one Rejection that names every fault of the document.
    explicit Template(const Value& document);
    Template(const Template&) = delete; // the metrics point into it
    Template& operator=(const Template&) = delete;

    // Every fault; none when a template can be made of it.
    static std::vector<Fault> faults_in(const Value& document);

    const Dashboard& dashboard() const noexcept { return dashboard_; }
    // What is generated when the caller says nothing else.
    const Request& defaults() const noexcept { return defaults_; }
    const std::vector<Identity>& identities() const noexcept { return identities_; }
    const std::vector<Range>& ranges() const noexcept { return ranges_; }

private:
    friend class TemplateReader;
    Template() = default;

    std::deque<std::string> texts_; // what the views below look at
    std::deque<Expression> expressions_;
    std::vector<Metric> metrics_;
    std::vector<Identity> identities_;
    std::vector<Range> ranges_;
    Request defaults_;
    Dashboard dashboard_{};
};

// Holds the points of one series, in their order, against the rules of the template.
class Inspector {
public:
    explicit Inspector(const Template& of) : template_(of), values_(of.dashboard().metrics.size()) {}

    // Throws a Rejection that names the rules that do not hold, the point and its values.
    void check(std::span<const std::int64_t> scaled);

private:
    void check_computed(std::size_t column, std::int64_t scaled);
    void check_range(const Template::Range& range);
    void check_identity(std::size_t index);
    std::string shown(const std::vector<std::size_t>& columns) const;

    const Template& template_;
    std::vector<double> values_;
    std::vector<std::int64_t> previous_;
    std::vector<Fault> faults_;
    std::int64_t index_ = 0;
};

// A dashboard of the catalogue as a document, from which a template makes the same series.
Value describe(const Dashboard& dashboard);

} // namespace auxeira::synthesis
