#include "producers/stock/catalogue.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "common/base/check.hpp"
#include "common/contracts/fields.hpp"
#include "common/contracts/object_reader.hpp"
#include "common/contracts/stock_position.hpp"

namespace esteira::stock {
namespace {

// Words of our own; every kind goes with the sizes that it is sold in.
struct Family {
    std::array<std::string_view, 8> kinds;
    std::array<std::string_view, 4> sizes;
};

constexpr std::array kFamilies = {
    Family{{"Arroz Branco", "Arroz Integral", "Feijão Carioca", "Feijão Preto", "Açúcar Cristal",
            "Sal Grosso", "Farinha de Mandioca", "Fubá de Milho"},
           {"500 g", "1 kg", "2 kg", "5 kg"}},
    Family{{"Óleo de Soja", "Azeite Extravirgem", "Vinagre de Maçã", "Molho de Tomate",
            "Leite de Coco", "Suco de Maracujá", "Água de Coco", "Guaraná"},
           {"250 ml", "500 ml", "900 ml", "1,5 L"}},
    Family{{"Café Torrado", "Chá de Camomila", "Biscoito de Polvilho", "Pão de Queijo",
            "Requeijão Cremoso", "Manteiga com Sal", "Goiabada Cascão", "Doce de Leite"},
           {"200 g", "250 g", "400 g", "500 g"}},
    Family{{"Sabão em Pó", "Amaciante", "Detergente Neutro", "Água Sanitária",
            "Desinfetante Eucalipto", "Limpador de Vidro", "Álcool em Gel", "Lustra Móveis"},
           {"500 ml", "1 L", "2 L", "5 L"}},
    Family{{"Sabonete de Aveia", "Xampu Anticaspa", "Creme Dental", "Fio Dental", "Protetor Solar",
            "Desodorante Roll-on", "Algodão em Bolas", "Papel Higiênico"},
           {"pequeno", "médio", "grande", "pacote econômico"}},
};

constexpr std::array<std::string_view, 32> kBrands = {
    "Serra Azul",   "Bom Quintal",  "Vovó Zita",      "Três Irmãs",    "Recanto",    "Ipê Amarelo",
    "Casa do Sol",  "Boa Praça",    "Sítio Feliz",    "Araucária",     "Maré Alta",  "Pé de Serra",
    "Lua Nova",     "Canoa",        "Jangada",        "Bem-te-vi",     "São Tomé",   "Nhá Rosa",
    "Porteira",     "Cachoeirinha", "Alvorada",       "Flor do Campo", "Do Engenho", "Sabiá",
    "Mãos de Ouro", "Rio Manso",    "Terra Vermelha", "Campo Limpo",   "Dona Chica", "Vila Rica",
    "Estação",      "Água Clara"};

// The standard fixes what this engine gives, but not what its distributions do with it.
std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) { return random() % bound; }

template <class List>
std::string_view one_of(std::mt19937_64& random, const List& list) {
    return list[below(random, list.size())];
}

std::string made_up_name(std::mt19937_64& random) {
    const Family& family = kFamilies[below(random, kFamilies.size())];
    std::string name(one_of(random, family.kinds));
    name += " ";
    name += one_of(random, kBrands);
    name += " ";
    name += one_of(random, family.sizes);
    return name;
}

// EAN-13: 789 is Brazil; a leading 0 is an American code.
std::string made_up_barcode(std::mt19937_64& random) {
    std::string digits = below(random, 10) == 0 ? "0" : "789";
    while (digits.size() < 12) {
        digits.push_back(static_cast<char>('0' + below(random, 10)));
    }
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
    }
    digits.push_back(static_cast<char>('0' + (10 - sum % 10) % 10));
    return digits;
}

// Returns the reason why not; empty when it was read.
std::string read_product(const contracts::JsonElement& element, Product& product) {
    if (element.flaw == contracts::JsonFlaw::none && !element.is_object()) {
        return "is " + std::string(contracts::kind_of(element.text)) + "; an object is expected";
    }
    contracts::ObjectReader in(element);
    in.text("codigo_barra", {1, contracts::kStockKeyCharactersMax}, product.codigo_barra);
    in.text("nome_produto", {0, contracts::kProductNameCharactersMax}, product.nome_produto);
    return in.reason();
}

}  // namespace

std::vector<Product> made_up_catalogue(std::uint64_t seed, std::size_t count) {
    ESTEIRA_CHECK(count <= kCatalogueMax);
    std::mt19937_64 random(seed);
    std::set<std::string> codes;
    std::set<std::string> names;
    std::vector<Product> products;
    while (products.size() < count) {
        Product product{made_up_barcode(random), made_up_name(random)};
        if (codes.contains(product.codigo_barra)) {
            continue;
        }
        // There are some thousands of names; a large chain has more articles than that.
        if (names.contains(product.nome_produto)) {
            product.nome_produto += " ref. " + product.codigo_barra.substr(7, 5);
        }
        if (names.contains(product.nome_produto)) {
            continue;
        }
        names.insert(product.nome_produto);
        codes.insert(product.codigo_barra);
        products.push_back(std::move(product));
    }
    return products;
}

Result<std::vector<Product>, std::string> parse_catalogue(std::string_view json) {
    std::vector<Product> products;
    std::string bad;
    const auto failed = contracts::read_elements(
        json,
        [&](const contracts::JsonElement& element) {
            Product& product = products.emplace_back();
            if (!bad.empty()) {
                return;
            }
            const std::string reason = read_product(element, product);
            if (!reason.empty()) {
                bad = std::to_string(products.size()) + ": " + reason;
            }
        },
        kCatalogueBytesMax);
    if (failed) {
        return *failed;
    }
    if (!bad.empty()) {
        return "product " + bad;
    }
    if (products.empty()) {
        return std::string("the list is empty");
    }
    return products;
}

Result<std::vector<Product>, std::string> read_catalogue(const std::string& path) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) {
        return path + ": " + failed.message();
    }
    if (bytes > kCatalogueBytesMax) {
        return path + ": larger than 64 MiB";
    }
    std::ifstream file(path, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    if (!file || content.size() != bytes) {
        return path + ": cannot be read";
    }
    auto products = parse_catalogue(content);
    if (!products) {
        return path + ": " + products.error();
    }
    return products;
}

}  // namespace esteira::stock
