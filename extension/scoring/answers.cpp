#include "scoring/answers.hpp"

#include <string>

namespace auxeira::scoring {

namespace {

std::string component_names() {
    std::string names;
    for (const ComponentRow& component : components) {
        if (!names.empty()) names += ", ";
        names += component.name;
    }
    return names;
}

} // namespace

void Tally::refuse(Component component, std::string_view question, double value, Faults& faults) const {
    faults.add(path_of(path_of("responses", components[index(component)].name), question),
               show(value) + " is outside " + show(scale_.lowest) + " to " + show(scale_.highest) +
                   " (scale " + std::string(scale_.name) + ")");
}

void Answers::add(std::string_view component, std::string_view question, double value) {
    if (const auto known = find_component(component)) {
        list.push_back({*known, question, value});
    } else {
        refuse_component(faults, "responses", component);
    }
}

Tally Answers::tally(Scale scale, Faults& into) const {
    Tally result(scale);
    for (const Answer& answer : list) {
        const bool added = result.add(answer.component, answer.value);
        if (!added) result.refuse(answer.component, answer.question, answer.value, into);
    }
    return result;
}

Scale inferred_scale(std::span<const Answer> answers) {
    double largest = 0;
    for (const Answer& answer : answers) {
        if (answer.value > largest) largest = answer.value;
    }
    for (const Scale scale : {Scale::unit, Scale::likert5}) {
        if (largest <= scales[row(scale)].highest) return scale;
    }
    return Scale::percent;
}

void refuse_component(Faults& faults, std::string_view root, std::string_view name) {
    faults.add(path_of(root, name), "is not a component (" + component_names() + ")");
}

} // namespace auxeira::scoring
