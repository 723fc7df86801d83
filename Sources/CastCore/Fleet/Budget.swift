package import Foundation

/// The most that may be spent in an hour, a day, a month; nil: no limit.
package struct BudgetCaps: Sendable, Equatable {
    package var perHour: Money?
    package var perDay: Money?
    package var perMonth: Money?

    package init(perHour: Money? = nil, perDay: Money? = nil, perMonth: Money? = nil) {
        self.perHour = perHour
        self.perDay = perDay
        self.perMonth = perMonth
    }

    package subscript(kind: BudgetPeriod.Kind) -> Money? {
        switch kind {
        case .hour: self.perHour
        case .day: self.perDay
        case .month: self.perMonth
        }
    }

    /// The setting that a cap comes from.
    package static func variable(_ kind: BudgetPeriod.Kind) -> String {
        "RUNPOD_BUDGET_PER_\(kind.rawValue.uppercased())"
    }
}

/// Whether one more pod can be paid: spent plus reserved stay within every cap, at every instant.
///
/// A reservation covers a pod's whole stay and the time that ending it takes, each hour, day and month of it against
/// that period's cap. It is not cut off at the end of a period: a pod bought at 23:50 would else have the next day's
/// money spent before anybody reserved it. Where the money does not last for the maximum lifetime, the stay is made as
/// long as it lasts, and the pod ends then.
package struct Budget: Sendable, Equatable {
    package var caps: BudgetCaps
    /// Of every run and every reservation that reaches into this month or beyond.
    package var charges: [Charge]

    package init(caps: BudgetCaps, charges: [Charge]) {
        self.caps = caps
        self.charges = charges
    }

    /// No pod is bought for less time than this, its end not counted: half of it is start-up.
    package static let shortestStay: TimeInterval = 2400

    package enum Grant: Sendable, Equatable {
        case granted(Stay)
        case refused(Refusal)
    }

    /// Why there is no money.
    package struct Refusal: Sendable, Equatable {
        /// That say what to change.
        package var words: String
        /// The hour, day or month whose cap is too small.
        package var period: BudgetPeriod
    }

    package func spent(in period: BudgetPeriod, at now: Date) -> Money {
        self.sum { $0.amount(from: period.start, to: min(period.end, now)) }
    }

    package func reserved(in period: BudgetPeriod, at now: Date) -> Money {
        self.sum { $0.amount(from: max(period.start, now), to: period.end) }
    }

    private func committed(in period: BudgetPeriod) -> Money {
        self.sum { $0.amount(from: period.start, to: period.end) }
    }

    private func sum(_ amount: (Charge) -> Money) -> Money {
        self.charges.reduce(.zero) { $0 + amount($1) }
    }

    /// Reserves as long a stay as the caps allow.
    ///
    /// - Parameters:
    ///   - price: The most that the pod may cost an hour.
    ///   - lifetime: The longest stay that is wanted.
    package func grant(at price: Money, from now: Date, lifetime: TimeInterval) -> Grant {
        var stay = Stay(from: now, leaveAt: now + lifetime, priceLimit: price)
        guard price > .zero else { return .granted(stay) }
        let shortest = min(lifetime, Self.shortestStay)
        for kind in BudgetPeriod.Kind.allCases {
            guard let cap = self.caps[kind] else { continue }
            var period = BudgetPeriod(kind, containing: now)
            while period.start < stay.reservedUntil {
                let begin = max(now, period.start)
                // A second less, so that roundings of its parts never add up to more than the cap.
                let room = cap - self.committed(in: period)
                let affordable = max(0, (Double(room.micros) / Double(price.micros) * 3600).rounded(.down) - 1)
                guard affordable < min(stay.reservedUntil, period.end).timeIntervalSince(begin) else {
                    period = period.next
                    continue
                }
                stay.leaveAt = begin + affordable - Stay.endingTime
                stay.shortenedBy = BudgetCaps.variable(kind)
                if stay.leaveAt.timeIntervalSince(now) < shortest {
                    let words = self.refusal(kind, cap, period, price: price, stay: shortest, at: now)
                    return .refused(Refusal(words: words, period: period))
                }
            }
        }
        return .granted(stay)
    }

    private func refusal(
        _ kind: BudgetPeriod.Kind, _ cap: Money, _ period: BudgetPeriod, price: Money, stay: TimeInterval, at now: Date
    ) -> String {
        let needed = Money.cost(perHour: price, for: .seconds(stay + Stay.endingTime))
        let name = BudgetCaps.variable(kind)
        let spent = self.spent(in: period, at: now)
        let reserved = self.reserved(in: period, at: now)
        return """
            The budget does not allow another pod: of the $\(cap) of \(name), $\(spent) are spent and $\(reserved) \
            reserved for the pods that run; a pod at up to $\(price) an hour needs $\(needed) for its shortest stay of \
            \(Int(stay / 60)) minutes. Raise \(name), end a pod, or wait for the next \(kind.rawValue).
            """
    }
}
