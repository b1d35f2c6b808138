#include "producers/stock/messages.hpp"

#include <algorithm>

#include "common/base/check.hpp"
#include "common/contracts/stock_position.hpp"

namespace esteira::stock {

MessageMaker::MessageMaker(std::span<const Product> products, std::span<const std::string> branches,
                           std::uint64_t seed, std::size_t items)
    : products_(products), branches_(branches), items_(items), random_(seed) {
    ESTEIRA_CHECK(!products.empty() && items > 0);
}

std::size_t MessageMaker::messages_total() const {
    return branches_.size() * ((products_.size() + items_ - 1) / items_);
}

std::string MessageMaker::next(contracts::Instant now, const contracts::Zone& zone) {
    ESTEIRA_CHECK(!done());
    const std::size_t end = std::min(product_ + items_, products_.size());
    const std::string time = contracts::write_local_time(now, zone);
    std::vector<contracts::StockPosition> items;
    for (; product_ < end; ++product_) {
        contracts::StockPosition& item = items.emplace_back();
        item.codigo_barra = products_[product_].codigo_barra;
        item.nome_produto = products_[product_].nome_produto;
        item.filial = branches_[branch_];
        item.qtd_estoque = static_cast<std::int32_t>(1 + random_() % kQuantityMax);
        item.data_posicao = time;
    }
    if (product_ == products_.size()) {
        product_ = 0;
        ++branch_;
    }
    return contracts::write_stock_message(items);
}

}  // namespace esteira::stock
