package import Foundation

/// What runs came to, by day and by GPU.
package struct FleetTotals: Sendable, Equatable {
    package struct Sum: Sendable, Equatable {
        package var runs = 0
        package var money = Money.zero
        package var jobs = 0
        package var audioSeconds = 0.0
        package var busySeconds = 0.0

        /// Dollars for an hour of audio; nil before there is any.
        package var dollarsPerAudioHour: Double? {
            self.audioSeconds > 0 ? self.money.dollars / (self.audioSeconds / 3600) : nil
        }

        fileprivate mutating func add(_ run: PodRun, at now: Date) {
            self.runs += 1
            self.money += run.money(at: now)
            self.jobs += run.jobs
            self.audioSeconds += run.audioSeconds
            self.busySeconds += run.busySeconds
        }
    }

    package var total = Sum()
    /// By the GPU's display name.
    package var byGPU: [String: Sum] = [:]
    /// By the start of the day in UTC.
    ///
    /// A run over midnight is in both days, with its share.
    package var byDay: [Date: Money] = [:]

    package init(_ runs: [PodRun], at now: Date) {
        for run in runs {
            self.total.add(run, at: now)
            self.byGPU[run.gpuName, default: Sum()].add(run, at: now)
            let charge = Charge(
                from: run.startedAt, until: run.endedAt ?? now, pricePerHour: run.pricePerHour, total: run.billed)
            var day = BudgetPeriod(.day, containing: charge.from)
            while day.start <= charge.until {
                let amount = charge.amount(from: day.start, to: day.end)
                if amount != .zero { self.byDay[day.start, default: .zero] += amount }
                day = day.next
            }
        }
    }
}

extension PodRun {
    /// What an episode's audio has cost on this pod: its share of all that the pod did, start-up and idleness included.
    ///
    /// - Returns: Nil before the pod has done anything.
    package func share(ofAudio seconds: Double, at now: Date) -> Money? {
        guard self.audioSeconds > 0, seconds >= 0 else { return nil }
        let share = min(1, seconds / self.audioSeconds)
        return Money(micros: Int64((Double(self.money(at: now).micros) * share).rounded()))
    }
}
