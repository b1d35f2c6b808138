#include "producers/stock/catalogue.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace esteira::stock {
namespace {

TEST(Catalogue, IsTheSameForTheSameSeed) {
    EXPECT_EQ(made_up_catalogue(7), made_up_catalogue(7));
    EXPECT_NE(made_up_catalogue(7), made_up_catalogue(8));
    EXPECT_EQ(made_up_catalogue(7, 10).back(), made_up_catalogue(7)[9]);
}

TEST(Catalogue, HasDistinctProductsSomeOfWhichNeedTextAndAccents) {
    for (const std::size_t count : {std::size_t{1'000}, kCatalogueMax}) {
        const auto products = made_up_catalogue(1, count);
        ASSERT_EQ(products.size(), count);
        std::set<std::string> codes;
        std::set<std::string> names;
        std::size_t with_zero = 0;
        std::size_t with_accent = 0;
        for (const Product& product : products) {
            EXPECT_EQ(product.codigo_barra.size(), 13u);
            EXPECT_EQ(product.codigo_barra.find_first_not_of("0123456789"), std::string::npos);
            codes.insert(product.codigo_barra);
            names.insert(product.nome_produto);
            with_zero += product.codigo_barra.front() == '0';
            with_accent += std::any_of(product.nome_produto.begin(), product.nome_produto.end(),
                                       [](char c) { return static_cast<signed char>(c) < 0; });
        }
        EXPECT_EQ(codes.size(), count);
        EXPECT_EQ(names.size(), count);
        EXPECT_GT(with_zero, count / 20);
        EXPECT_LT(with_zero, count / 5);
        EXPECT_GT(with_accent, count / 4);
    }
}

TEST(Catalogue, HasRightCheckDigits) {
    for (const Product& product : made_up_catalogue(3)) {
        int sum = 0;
        for (std::size_t i = 0; i < 13; ++i) {
            sum += (product.codigo_barra[i] - '0') * (i % 2 == 0 ? 1 : 3);
        }
        EXPECT_EQ(sum % 10, 0) << product.codigo_barra;
    }
}

TEST(Catalogue, IsReadFromTheUsersOwnList) {
    const auto products = parse_catalogue(
        R"([ {"codigo_barra": "0789", "nome_produto": "Pão"},
             {"nome_produto": "Maçã", "codigo_barra": "1", "preco": 2.5} ])");
    ASSERT_TRUE(products) << products.error();
    EXPECT_EQ(products.value(), (std::vector<Product>{{"0789", "Pão"}, {"1", "Maçã"}}));
}

TEST(Catalogue, SaysWhichProductCannotBeUsed) {
    const auto error = [](std::string_view json) {
        const auto products = parse_catalogue(json);
        return products ? "" : products.error();
    };
    const std::string good = R"({"codigo_barra":"1","nome_produto":"x"})";
    EXPECT_EQ(error("[" + good + R"(,{"codigo_barra":1,"nome_produto":"x"},7])"),
              "product 2: codigo_barra is a number; a text is expected");
    EXPECT_EQ(error("[" + good + R"(,{"codigo_barra":"1"}])"),
              "product 2: nome_produto is missing");
    EXPECT_EQ(error("[7]"), "product 1: is a number; an object is expected");
    EXPECT_EQ(error("[]"), "the list is empty");
    EXPECT_EQ(error("[" + good), "the body is not JSON: byte 40: expected ',' or ']'");
}

TEST(Catalogue, NamesTheFileThatCannotBeRead) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("esteira-catalogue-" + std::to_string(getpid()) + ".json");
    EXPECT_EQ(read_catalogue(path.string()).error(), path.string() + ": No such file or directory");
    std::ofstream(path) << "{";
    EXPECT_TRUE(read_catalogue(path.string()).error().starts_with(path.string() + ": "));
    std::ofstream(path) << R"([{"codigo_barra":"1","nome_produto":"x"}])";
    EXPECT_EQ(read_catalogue(path.string()).value().size(), 1u);
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace esteira::stock
