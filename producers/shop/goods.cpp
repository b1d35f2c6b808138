#include "producers/shop/goods.hpp"

#include <array>

namespace esteira::shop {
namespace {

struct Shelf {
    std::string_view category;
    std::array<std::string_view, 5> things;
};
constexpr std::array kShelves = {
    Shelf{"Cozinha",
          {"Panela de Pressão", "Cafeteira Italiana", "Jogo de Facas", "Liquidificador",
           "Frigideira de Ferro"}},
    Shelf{"Eletrônicos",
          {"Fone de Ouvido", "Caixa de Som", "Carregador Rápido", "Teclado Mecânico",
           "Câmera de Segurança"}},
    Shelf{"Esporte",
          {"Bola de Vôlei", "Tênis de Corrida", "Mochila de Trilha", "Colchonete", "Bicicleta"}},
    Shelf{"Casa",
          {"Luminária de Mesa", "Jogo de Lençol", "Rede de Descanso", "Tapete de Sisal",
           "Cortina Blecaute"}},
    Shelf{"Brinquedos",
          {"Quebra-cabeça", "Peão de Madeira", "Boneca de Pano", "Pipa", "Jogo de Damas"}},
    Shelf{"Papelaria",
          {"Caderno Capa Dura", "Caneta Tinteiro", "Agenda", "Lápis de Cor", "Mapa-múndi"}},
};
constexpr std::array<std::string_view, 8> kMakers = {"Araponga",    "Vale Verde", "Boitatá",
                                                     "Três Marias", "Guará",      "Mirante",
                                                     "Sobradinho",  "Ventania"};
constexpr std::array<std::string_view, 6> kKinds = {"clássico", "compacto",  "profissional",
                                                    "dobrável", "reforçado", "edição especial"};

}  // namespace

contracts::Product make_product(Dice& dice) {
    constexpr std::uint64_t kPriceMin = 10'00;
    constexpr std::uint64_t kPriceMax = 1'000'00;
    const Shelf& shelf = kShelves[dice.below(kShelves.size())];
    contracts::Product product;
    product.produto_id = dice.uuid();
    const std::string thing(dice.one_of(shelf.things));
    const std::string kind(dice.one_of(kKinds));
    product.nome = thing + " " + std::string(dice.one_of(kMakers));
    product.descricao = thing + ", " + kind + ".";
    product.categoria = shelf.category;
    product.preco = {static_cast<std::int64_t>(dice.from_to(kPriceMin, kPriceMax))};
    product.estoque = static_cast<std::int64_t>(dice.from_to(1, 100));
    return product;
}

}  // namespace esteira::shop
