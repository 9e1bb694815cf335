#include "synthesis/template.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "synthesis/derived.hpp"
#include "synthesis/template_reader.hpp"

namespace auxeira::synthesis {

namespace {

// The number of a point as people write it.
std::string decimal(double value, int decimals) {
    if (std::isnan(value)) return "no number";
    char text[64];
    return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.*f", decimals, value))};
}

} // namespace

Template::Template(const Value& document) {
    const std::vector<Fault> faults = TemplateReader(document, *this).read();
    if (faults.empty()) return;
    throw Rejection(Reason::invalid_value, "the template is wrong", faults,
                    "Every line of the detail is the path of a fault and what is wrong there.");
}

std::vector<Fault> Template::faults_in(const Value& document) {
    Template made;
    return TemplateReader(document, made).read();
}

// --- Points
// ------------------------------------------------------------------------------------------------------

void Inspector::check(std::span<const std::int64_t> scaled) {
    const std::span<const Metric> metrics = template_.dashboard().metrics;
    for (std::size_t column = 0; column < metrics.size(); ++column) {
        values_[column] = number_of(scaled[column], ten_to(metrics[column].decimals));
        if (metrics[column].motion.rule == Rule::expression) check_computed(column, scaled[column]);
    }
    if (faults_.empty()) {
        for (const Template::Range& range : template_.ranges())
            check_range(range);
        for (std::size_t j = 0; j < template_.identities().size(); ++j)
            check_identity(j);
    }
    if (!faults_.empty()) {
        throw Rejection(Reason::invalid_value,
                        "point " + std::to_string(index_) + " does not keep the rules of the template",
                        faults_, "Change the rule, or what the metrics that it names are made from.");
    }
    previous_.assign(scaled.begin(), scaled.end());
    ++index_;
}

void Inspector::check_computed(std::size_t column, std::int64_t scaled) {
    const Metric& metric = template_.dashboard().metrics[column];
    const std::vector<std::size_t>& read = metric.motion.expression->columns();
    const std::string path = path_of("generation_rules", metric.name) + ".expression";
    const double value = values_[column];
    const auto fault = [&](const std::string& message) { faults_.push_back({path, message + shown(read)}); };
    const bool must_not_fall = metric.kind == Kind::cumulative && !previous_.empty();
    if (scaled == no_value) {
        fault("is no number");
    } else if (value < metric.minimum || value > metric.maximum) {
        fault(decimal(value, metric.decimals) + " is outside its bounds");
    } else if (must_not_fall && scaled < previous_[column]) {
        fault("falls, and the metric is cumulative");
    }
}

void Inspector::check_range(const Template::Range& range) {
    const Metric& metric = template_.dashboard().metrics[range.column];
    const double value = values_[range.column];
    if (value >= range.minimum && value <= range.maximum) return;
    faults_.push_back({path_of("validation_rules.ranges", metric.name),
                       decimal(value, metric.decimals) + " is outside the range"});
}

void Inspector::check_identity(std::size_t index) {
    const Template::Identity& identity = template_.identities()[index];
    if (identity.condition.holds(values_, identity.tolerance)) return;
    faults_.push_back({"validation_rules.identities[" + std::to_string(index) + "]",
                       (identity.name.empty() ? "" : quoted(identity.name) + ", ") + identity.text +
                           ", does not hold" + shown(identity.condition.columns())});
}

std::string Inspector::shown(const std::vector<std::size_t>& columns) const {
    std::string all;
    for (const std::size_t column : columns) {
        const Metric& metric = template_.dashboard().metrics[column];
        all += (all.empty() ? " with " : ", ") + std::string(metric.name) + " = " +
               decimal(values_[column], metric.decimals);
    }
    return all;
}

// --- The catalogue as documents
// -----------------------------------------------------------------------------------

namespace {

void add_limit(Value& object, std::string_view name, double limit, double otherwise) {
    if (limit != otherwise) object.add(std::string(name), Value::of(limit));
}

void add_name(Value& object, std::string_view name, std::string_view metric) {
    if (!metric.empty()) object.add(std::string(name), Value::of(metric));
}

Value schema_of(const Metric& metric) {
    Value schema = Value::object();
    schema.add("type", Value::of(metric.decimals == 0 ? "integer" : "number"));
    schema.add("unit", Value::of(metric.unit));
    schema.add("kind", Value::of(name_of(metric.kind)));
    if (metric.decimals > 0) schema.add("decimals", Value::of(metric.decimals));
    return schema;
}

// Means and quotients are expressions in a template.
std::string expression_of(const Dashboard& dashboard, const Metric& metric) {
    if (metric.motion.rule == Rule::quotient) {
        return std::string(metric.motion.of) + " / " + std::string(metric.motion.by);
    }
    std::string sum;
    int count = 0;
    for (const Metric& each : dashboard.metrics) {
        if (!each.motion.averaged) continue;
        sum += (count++ > 0 ? " + " : "") + std::string(each.name);
    }
    return "(" + sum + ") / " + std::to_string(count);
}

Value correlation_of(const Motion& motion) {
    Value correlation = Value::object();
    correlation.add("with", Value::of(motion.with));
    correlation.add("coefficient", Value::of(motion.correlation));
    if (motion.level_follows_growth) correlation.add("levelFollows", Value::of("growth"));
    return correlation;
}

Value rule_of(const Dashboard& dashboard, const Metric& metric) {
    Value rule = Value::object();
    const Model* const model = model_of(metric.motion.rule);
    const Motion& motion = metric.motion;
    if (model == nullptr) {
        rule.add("expression", Value::of(expression_of(dashboard, metric)));
    } else {
        rule.add("model", Value::of(model->name));
        rule.add("distribution", Value::of("lognormal"));
        rule.add("low", Value::of(metric.low));
        rule.add("high", Value::of(metric.high));
        add_limit(rule, "ceiling", metric.ceiling, no_limit);
        if (model->has_noise) add_limit(rule, "trendResponse", motion.response, 1);
        if (model->has_noise) add_limit(rule, "spread", motion.spread, 1);
        if (model->has_pace) rule.add("pace", Value::of(motion.pace));
        add_name(rule, "of", motion.of);
        add_name(rule, "less", motion.by);
        if (!motion.with.empty()) rule.add("correlation", correlation_of(motion));
    }
    add_limit(rule, "minimum", metric.minimum, 0);
    add_limit(rule, "maximum", metric.maximum, no_limit);
    if (metric.good_direction == Direction::down) rule.add("goodDirection", Value::of("down"));
    return rule;
}

} // namespace

Value describe(const Dashboard& dashboard) {
    Value document = Value::object(), schema = Value::object(), rules = Value::object();
    for (const Metric& metric : dashboard.metrics) {
        schema.add(std::string(metric.name), schema_of(metric));
        rules.add(std::string(metric.name), rule_of(dashboard, metric));
    }
    document.add("user_type", Value::of(dashboard.name));
    document.add("data_schema", std::move(schema));
    document.add("generation_rules", std::move(rules));
    return document;
}

} // namespace auxeira::synthesis
