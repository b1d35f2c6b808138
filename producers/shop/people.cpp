#include "producers/shop/people.hpp"

#include <array>

namespace esteira::shop {
namespace {

// With the plain spelling that stands in an e-mail address.
struct Name {
    std::string_view written;
    std::string_view plain;
};
constexpr std::array kFirst = {Name{"Ana", "ana"},
                               Name{"João", "joao"},
                               Name{"Conceição", "conceicao"},
                               Name{"José", "jose"},
                               Name{"Luíza", "luiza"},
                               Name{"Antônio", "antonio"},
                               Name{"Márcia", "marcia"},
                               Name{"Thiago", "thiago"},
                               Name{"Inês", "ines"},
                               Name{"Caetano", "caetano"},
                               Name{"Débora", "debora"},
                               Name{"Érico", "erico"},
                               Name{"Francisca", "francisca"},
                               Name{"Ubiratã", "ubirata"},
                               Name{"Yasmin", "yasmin"},
                               Name{"Raimundo", "raimundo"},
                               Name{"Heloísa", "heloisa"},
                               Name{"Otávio", "otavio"}};
constexpr std::array kLast = {
    Name{"da Silva", "silva"},        Name{"Souza", "souza"},       Name{"Araújo", "araujo"},
    Name{"Gonçalves", "goncalves"},   Name{"Pires", "pires"},       Name{"Magalhães", "magalhaes"},
    Name{"Ribeiro", "ribeiro"},       Name{"dos Anjos", "anjos"},   Name{"Teixeira", "teixeira"},
    Name{"Antunes", "antunes"},       Name{"Siqueira", "siqueira"}, Name{"Brandão", "brandao"},
    Name{"Cavalcanti", "cavalcanti"}, Name{"Leitão", "leitao"},     Name{"Moura", "moura"}};
constexpr std::array<std::string_view, 10> kStreets = {
    "Rua das Laranjeiras", "Avenida Brasil",    "Rua Sete de Setembro", "Travessa do Comércio",
    "Alameda dos Ipês",    "Rua São Sebastião", "Avenida Beira-Mar",    "Rua Barão de Mauá",
    "Praça da Matriz",     "Estrada do Engenho"};
constexpr std::array<std::string_view, 12> kTowns = {
    "São Paulo - SP", "Belém - PA",    "Goiânia - GO",         "Florianópolis - SC",
    "Recife - PE",    "Macapá - AP",   "Cuiabá - MT",          "Vitória - ES",
    "Londrina - PR",  "São Luís - MA", "Poços de Caldas - MG", "Niterói - RJ"};
constexpr std::array<std::string_view, 8> kPreferences = {
    "livros", "eletrônicos", "esporte", "cozinha", "jardim", "moda", "brinquedos", "música"};

std::string digits(Dice& dice, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text.push_back(static_cast<char>('0' + dice.below(10)));
    }
    return text;
}

}  // namespace

contracts::Customer make_customer(Dice& dice, std::chrono::year_month_day today) {
    const Name first = kFirst[dice.below(kFirst.size())];
    const Name last = kLast[dice.below(kLast.size())];
    contracts::Customer customer;
    customer.cliente_id = dice.uuid();
    customer.nome = std::string(first.written) + " " + std::string(last.written);
    customer.email = std::string(first.plain) + "." + std::string(last.plain) + digits(dice, 4) +
                     "@exemplo.com.br";
    customer.endereco = std::string(dice.one_of(kStreets)) + ", " +
                        std::to_string(dice.from_to(1, 2999)) + "\n" + digits(dice, 5) + "-" +
                        digits(dice, 3) + " " + std::string(dice.one_of(kTowns));
    constexpr std::uint64_t kDaysOfAYear = 365;
    const auto age = std::chrono::days(dice.from_to(18 * kDaysOfAYear + 5, 70 * kDaysOfAYear));
    customer.data_nascimento = std::chrono::sys_days(today) - age;
    customer.preferencias = "[";
    for (std::uint64_t i = dice.from_to(1, 3); i > 0; --i) {
        customer.preferencias += customer.preferencias.size() > 1 ? "," : "";
        customer.preferencias += "\"" + std::string(dice.one_of(kPreferences)) + "\"";
    }
    customer.preferencias += "]";
    return customer;
}

}  // namespace esteira::shop
