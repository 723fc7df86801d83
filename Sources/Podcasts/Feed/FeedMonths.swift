/// The months' names in the languages whose programs write them into feeds, against the standard.
enum FeedMonths {
    /// The month that a word in lower case begins like, 1 to 12.
    static func number(_ word: String) -> Int? {
        // “juin” and “juil” are one another's up to their third letter.
        self.names[String(word.prefix(4))] ?? self.names[String(word.prefix(3))]
    }

    private static let names: [String: Int] = {
        var names: [String: Int] = [:]
        for (index, row) in table.enumerated() {
            for name in row.split(separator: " ") { names[String(name)] = index + 1 }
        }
        return names
    }()

    /// A row a month.
    ///
    /// English, German, French, Spanish, Italian, Portuguese, Dutch, the Scandinavian languages, Polish,
    /// Russian. Names that are a weekday's beginning in another language are left out.
    private static let table = [
        "jan ene gen sty янв", "feb fév fev lut фев", "mar mär mrt maar мар", "apr avr abr kwi апр",
        "may mai mag mei maj май мая", "jun juin giu cze июн", "jul juil lug lip июл", "aug aoû aou ago sie авг",
        "sep set wrz сен", "oct okt ott out paź окт", "nov lis ноя", "dec dez déc dic des gru дек",
    ]
}
