#include "common/contracts/catalogue_entry.hpp"

#include <chrono>

#include "common/contracts/fields.hpp"
#include "common/contracts/json_object.hpp"

namespace esteira::contracts {
namespace {

constexpr TextLimits kCategory{0, 100};

CatalogueEntry read_entry(ObjectReader& in, const TimeRules& rules, Instant otherwise) {
    CatalogueEntry entry;
    in.text("codigo_barra", {1, kStockKeyCharactersMax}, entry.codigo_barra);
    in.text("nome_produto", {0, kProductNameCharactersMax}, entry.nome_produto);
    in.optional_text("categoria", kCategory, entry.categoria);
    BusinessTime time{{}, otherwise};
    if (in.given("atualizado_em")) {
        in.time("atualizado_em", rules, time);
    }
    entry.instante = time.instant;
    return entry;
}

}  // namespace

Result<std::vector<Item<CatalogueEntry>>, std::string> parse_catalogue_entries(
    std::string_view body, const TimeRules& rules, WallTime sent_at) {
    const Instant sent = std::chrono::time_point_cast<std::chrono::microseconds>(sent_at);
    return read_items<CatalogueEntry>(
        body, [&](ObjectReader& in) { return read_entry(in, rules, sent); });
}

std::string write_catalogue_entry(const CatalogueEntry& entry, std::string_view atualizado_em) {
    return JsonObject()
        .text("codigo_barra", entry.codigo_barra)
        .text("nome_produto", entry.nome_produto)
        .optional_text("categoria", entry.categoria)
        .optional_text("atualizado_em", atualizado_em)
        .take();
}

}  // namespace esteira::contracts
