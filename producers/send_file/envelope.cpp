#include "producers/send_file/envelope.hpp"

#include <deque>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/base/text.hpp"
#include "common/cli/json_text.hpp"

namespace esteira::send_file {

namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

Millis delay_of(const Json& value) {
    const double seconds = value.is_number() ? value.get<double>() : -1;
    const double most = std::chrono::duration<double>(limits::kDelayMax).count();
    if (!(seconds >= 0 && seconds <= most)) {
        refuse("delay is a number of seconds from 0 to 900");
    }
    return Millis{static_cast<std::int64_t>(seconds * 1000)};
}

std::vector<std::byte> attributes_of(const Json& object) {
    if (!object.is_object()) {
        refuse("attributes are an object");
    }
    std::deque<std::string> texts;  // What the attributes are views into.
    std::vector<Attribute> attributes;
    for (const auto& [name, value] : object.items()) {
        Attribute& attribute = attributes.emplace_back();
        attribute.name = texts.emplace_back(name);
        attribute.type = "String";
        const Json* text = &value;
        if (value.is_object()) {
            const std::string type = value.value("type", "String");
            attribute.type = texts.emplace_back(type);
            const bool binary = type.starts_with("Binary");
            const auto at = value.find(binary ? "value_base64" : "value");
            if (at == value.end() || value.size() > 2) {
                refuse("attribute " + name + " has a type and a value (value_base64 for Binary)");
            }
            text = &*at;
            if (binary) {
                attribute.value =
                    as_bytes(texts.emplace_back(cli::bytes_of_base64(text->get<std::string>())));
                continue;
            }
        }
        if (!text->is_string()) {
            refuse("attribute " + name + " is text, or an object with type and value");
        }
        attribute.value = as_bytes(texts.emplace_back(text->get<std::string>()));
    }
    std::vector<std::byte> block = pack_attributes(attributes);
    if (const auto good = unpack_attributes(block); !good) {
        refuse("attributes: " + std::string(good.error()));
    }
    return block;
}

// A group or a deduplication id, which may stand as a number as well.
std::string id_of(const std::string& name, const Json& value) {
    if (!value.is_string() && !value.is_number_integer()) {
        refuse("the " + name + " is a text or a whole number");
    }
    std::string id = value.is_string() ? value.get<std::string>() : value.dump();
    if (id.size() > limits::kGroupBytesMax || !is_visible_ascii(id)) {
        refuse("the " + name + " is 1 to 128 visible ASCII characters");
    }
    return id;
}

Message message_of(const Json& envelope) {
    if (!envelope.is_object()) {
        refuse("an envelope is a JSON object");
    }
    if (envelope.contains("body") == envelope.contains("body_base64")) {
        refuse("an envelope has a body or a body_base64");
    }
    Message message;
    for (const auto& [name, value] : envelope.items()) {
        if (name == "delay") {
            message.delay = delay_of(value);
        } else if (name == "attributes") {
            message.attributes = attributes_of(value);
        } else if (name == "group" || name == "dedup") {
            (name == "group" ? message.group : message.dedup) = id_of(name, value);
        } else if (name != "body" && name != "body_base64") {
            refuse("an envelope has no " + name);
        } else if (!value.is_string()) {
            refuse("the body is text; JSON in it is quoted");
        } else if (name == "body") {
            message.body = value.get<std::string>();
        } else {
            message.body = cli::bytes_of_base64(value.get<std::string>());
        }
    }
    return message;
}

}  // namespace

Result<std::vector<std::byte>, std::string> attributes_of_words(
    const std::vector<std::string>& words) {
    std::vector<Attribute> attributes;
    for (const std::string_view word : words) {
        const std::size_t equals = word.find('=');
        if (equals == 0 || equals == std::string_view::npos) {
            return "--attribute takes NAME=VALUE, not " + std::string(word);
        }
        attributes.push_back({word.substr(0, equals), "String", as_bytes(word.substr(equals + 1))});
    }
    std::vector<std::byte> block = pack_attributes(attributes);
    if (const auto good = unpack_attributes(block); !good) {
        return "--attribute: " + std::string(good.error());
    }
    return block;
}

Result<Message, std::string> read_envelope(std::string_view line) {
    const Json envelope = Json::parse(line, nullptr, false);
    if (envelope.is_discarded()) {
        return std::string("not JSON");
    }
    try {
        return message_of(envelope);
    } catch (const std::invalid_argument& fault) {
        return std::string(fault.what());
    } catch (const Json::exception& fault) {
        return std::string(fault.what());
    }
}

}  // namespace esteira::send_file
