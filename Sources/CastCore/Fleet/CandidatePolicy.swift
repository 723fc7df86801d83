package import Foundation

/// What may be bought, and in which order it is tried.
///
/// First the preferred GPU; then by price for the work, community before secure where that is equal. What the catalogue
/// says to be out of stock comes last, but is never left out: listed stock is refused and unlisted stock given every day.
package struct CandidatePolicy: Sendable, Equatable {
    /// An id or a display name.
    package var preferred: String?
    /// Ids or display names, each compared as a whole: `NVIDIA L4` blocks neither `NVIDIA L40` nor L40S.
    package var blocked: [String]
    package var clouds: [Cloud]
    package var minimumMemoryGB: Int
    package var minimumCUDA: CUDAVersion?
    /// The most that an hour may cost.
    package var priceCeiling: Money?

    package init(
        preferred: String? = nil, blocked: [String] = [], clouds: [Cloud] = Cloud.allCases, minimumMemoryGB: Int = 0,
        minimumCUDA: CUDAVersion? = nil, priceCeiling: Money? = nil
    ) {
        self.preferred = preferred
        self.blocked = blocked
        self.clouds = clouds
        self.minimumMemoryGB = minimumMemoryGB
        self.minimumCUDA = minimumCUDA
        self.priceCeiling = priceCeiling
    }

    /// The order of trying, and why everything else is not in it.
    package struct Ranking: Sendable, Equatable {
        package var candidates: [Candidate] = []
        /// One sentence each, without a period.
        package var passedOver: [String] = []
        /// When the first of those that are only waiting may be asked for again.
        package var retryAt: Date?
    }

    package func rank(
        _ offers: [GPUOffer], model: String, speeds: GPUSpeeds = GPUSpeeds(), refusals: [CapacityRefusal] = [],
        at now: Date
    ) -> Ranking {
        var ranking = Ranking()
        var ranked: [(candidate: Candidate, isPreferred: Bool, stock: GPUOffer.Stock?)] = []
        for offer in offers {
            if let reason = self.objection(to: offer) {
                ranking.passedOver.append("\(offer.displayName): \(reason)")
                continue
            }
            for cloud in self.clouds {
                guard let terms = offer.terms[cloud] else { continue }
                switch self.consider(offer, cloud, terms, refusals: refusals, at: now) {
                case .objection(let reason, let retryAt):
                    ranking.passedOver.append("\(offer.displayName) (\(cloud.rawValue)): \(reason)")
                    ranking.retryAt = [ranking.retryAt, retryAt].compactMap(\.self).min()
                case .possible(let price, let dataCentres):
                    let speed = speeds.speed(of: offer.id, model: model)
                    ranked.append(
                        (
                            Candidate(
                                gpu: offer.id, displayName: offer.displayName, cloud: cloud, pricePerHour: price,
                                speed: speed.value, isMeasured: speed.isMeasured, dataCentres: dataCentres),
                            self.isPreferred(offer), terms.stock
                        ))
                }
            }
        }
        ranking.candidates = ranked.sorted { Self.goesBefore($0, $1) }.map(\.candidate)
        return ranking
    }

    private static func goesBefore(
        _ left: (candidate: Candidate, isPreferred: Bool, stock: GPUOffer.Stock?),
        _ right: (candidate: Candidate, isPreferred: Bool, stock: GPUOffer.Stock?)
    ) -> Bool {
        let (leftIsOut, rightIsOut) = (left.stock == GPUOffer.Stock.none, right.stock == GPUOffer.Stock.none)
        if leftIsOut != rightIsOut { return rightIsOut }
        if left.isPreferred != right.isPreferred { return left.isPreferred }
        let (leftPrice, rightPrice) = (left.candidate.dollarsPerAudioHour, right.candidate.dollarsPerAudioHour)
        if leftPrice != rightPrice { return leftPrice < rightPrice }
        if left.candidate.cloud != right.candidate.cloud { return left.candidate.cloud == .community }
        let (leftStock, rightStock) = (left.stock?.rawValue ?? 0, right.stock?.rawValue ?? 0)
        if leftStock != rightStock { return leftStock > rightStock }
        return left.candidate.gpu.rawValue < right.candidate.gpu.rawValue
    }

    /// Whether a GPU is one that must not be used.
    package func isBlocked(_ gpu: GPUID, displayName: String? = nil) -> Bool {
        let names = [gpu.rawValue] + (displayName.map { [$0] } ?? [])
        return self.blocked.contains { blocked in names.contains { Self.isSame(blocked, $0) } }
    }

    private func isPreferred(_ offer: GPUOffer) -> Bool {
        guard let preferred = self.preferred else { return false }
        return Self.isSame(preferred, offer.id.rawValue) || Self.isSame(preferred, offer.displayName)
    }

    /// Names are compared as a whole; people write them in any case.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.trimmingCharacters(in: .whitespaces).lowercased()
            == right.trimmingCharacters(in: .whitespaces).lowercased()
    }

    private func objection(to offer: GPUOffer) -> String? {
        if self.isBlocked(offer.id, displayName: offer.displayName) { return "blocked by RUNPOD_BLOCKED_GPUS" }
        guard let memory = offer.memoryGB, memory < self.minimumMemoryGB else { return nil }
        return "\(memory) GB are less than the \(self.minimumMemoryGB) GB that are needed"
    }

    private enum Consideration {
        case possible(Money, dataCentres: [DataCentreID])
        case objection(String, retryAt: Date?)
    }

    private func consider(
        _ offer: GPUOffer, _ cloud: Cloud, _ terms: GPUOffer.Terms, refusals: [CapacityRefusal], at now: Date
    ) -> Consideration {
        // Money is reserved before it is spent; without a price there is nothing to reserve.
        guard let price = terms.pricePerHour, price > .zero else {
            return .objection("no price is known", retryAt: nil)
        }
        if let ceiling = self.priceCeiling, price > ceiling {
            return .objection("$\(price) an hour is more than the ceiling of $\(ceiling)", retryAt: nil)
        }
        if let floor = self.minimumCUDA, !terms.cudaVersions.isEmpty, terms.cudaVersions.allSatisfy({ $0 < floor }) {
            return .objection("no host there supports CUDA \(floor)", retryAt: nil)
        }
        if let until = refusals.waits(offer.id, cloud, nil, at: now) {
            return .objection("refused a moment ago", retryAt: until)
        }
        let all = terms.dataCentres.keys.sorted { $0.rawValue < $1.rawValue }
        let open = all.filter { refusals.waits(offer.id, cloud, $0, at: now) == nil }
        if open.count == all.count { return .possible(price, dataCentres: []) }
        guard !open.isEmpty else {
            let until = all.compactMap { refusals.waits(offer.id, cloud, $0, at: now) }.min()
            return .objection("refused in every data centre a moment ago", retryAt: until)
        }
        return .possible(price, dataCentres: open)
    }
}
