#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/contracts/object_reader.hpp"
#include "common/contracts/stock_position.hpp"

// What a catalogue says about one product.
//
//   {"codigo_barra": "0789...",     text, 1..64 characters; never a number: leading zeros count
//    "nome_produto": "Feijão",      text, at most 512 characters
//    "categoria": "Grãos",          text, at most 100; may be missing, null or empty: none
//    "atualizado_em": "..."}        see parse_time(); may be missing or null
//
// Barcode and name are those of a stock position. Other keys are kept: an entry is stored as it was
// received. A message body is one entry or an array. The newest version of a barcode wins; its time
// is `atualizado_em`, else when the message was sent.
namespace esteira::contracts {

struct CatalogueEntry {
    std::string codigo_barra;
    std::string nome_produto;
    std::string categoria;  // Empty: none.
    Instant instante;       // Of this version.
    std::string item;       // The JSON object as received.

    bool operator==(const CatalogueEntry&) const = default;
};

// One entry per item, in their order. `sent_at` is the time of what has none of its own. The error
// is the reason why the body as a whole cannot be read.
Result<std::vector<Item<CatalogueEntry>>, std::string> parse_catalogue_entries(
    std::string_view body, const TimeRules& rules, WallTime sent_at);

// As JSON, with the keys in the order above; `categoria` and `atualizado_em` are left out when they
// are empty. `instante` and `item` are not looked at.
std::string write_catalogue_entry(const CatalogueEntry& entry, std::string_view atualizado_em = {});

}  // namespace esteira::contracts
