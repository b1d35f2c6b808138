#include "broker/server/ops_text.hpp"

namespace esteira::broker {

Json json_of(const dialogue::Attributes& pairs) {
    Json object = Json::object();
    for (const auto& [name, value] : pairs) {
        object[name] = value;
    }
    return object;
}

dialogue::Attributes attributes_of(const Json& pairs) {
    dialogue::Attributes attributes;
    for (const auto& [name, value] : pairs.items()) {
        attributes.emplace_back(name, value.get<std::string>());
    }
    return attributes;
}

OpsRefusal refusal_of(const dialogue::Refused& refused) {
    return {dialogue::to_string(refused.code), refused.reason};
}

}  // namespace esteira::broker
