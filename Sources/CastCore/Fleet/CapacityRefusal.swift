package import Foundation

/// Where the provider had nothing, or something that was of no use, and until when it is not asked there again.
package struct CapacityRefusal: Sendable, Equatable, Codable {
    package var gpu: GPUID
    package var cloud: Cloud
    /// Nil: wherever the provider wanted.
    package var dataCentre: DataCentreID?
    /// How often in a row.
    package var count: Int
    package var at: Date

    package init(gpu: GPUID, cloud: Cloud, dataCentre: DataCentreID? = nil, count: Int = 1, at: Date) {
        self.gpu = gpu
        self.cloud = cloud
        self.dataCentre = dataCentre
        self.count = count
        self.at = at
    }

    /// Three minutes, as Karpenter remembers an offering without capacity, doubled with each refusal up to thirty.
    package var until: Date { self.at + min(180 * Double(1 << min(max(self.count - 1, 0), 4)), 1800) }

    /// A refusal that long ago says nothing about the next one: counting starts again.
    var isForgotten: Date { self.until + 1800 }
}

extension [CapacityRefusal] {
    /// Notes one more refusal, and drops those that have lost their meaning.
    package mutating func note(_ gpu: GPUID, _ cloud: Cloud, _ dataCentre: DataCentreID? = nil, at now: Date) {
        self.removeAll { $0.isForgotten <= now }
        if let index = self.firstIndex(where: { $0.gpu == gpu && $0.cloud == cloud && $0.dataCentre == dataCentre }) {
            self[index].count += 1
            self[index].at = now
        } else {
            self.append(CapacityRefusal(gpu: gpu, cloud: cloud, dataCentre: dataCentre, at: now))
        }
    }

    /// Notes that what was given there was of no use: it is asked for elsewhere first.
    package mutating func note(uselessOf rental: Rental, at now: Date) {
        self.note(rental.askedGPU, rental.cloud, nil, at: now)
        if let dataCentre = rental.dataCentre { self.note(rental.askedGPU, rental.cloud, dataCentre, at: now) }
    }

    /// Forgets what was refused, since it was just given.
    package mutating func forget(_ gpu: GPUID, _ cloud: Cloud, _ dataCentre: DataCentreID?) {
        self.removeAll {
            $0.gpu == gpu && $0.cloud == cloud && ($0.dataCentre == nil || $0.dataCentre == dataCentre)
        }
    }

    func waits(_ gpu: GPUID, _ cloud: Cloud, _ dataCentre: DataCentreID?, at now: Date) -> Date? {
        self.first { $0.gpu == gpu && $0.cloud == cloud && $0.dataCentre == dataCentre && $0.until > now }?.until
    }
}
