package import Foundation

/// Which offers are asked for.
package struct OfferQuery: Sendable, Equatable {
    package var clouds: [Cloud]
    /// Only hosts whose driver supports at least this.
    package var minimumCUDA: CUDAVersion?

    package init(clouds: [Cloud] = Cloud.allCases, minimumCUDA: CUDAVersion? = nil) {
        self.clouds = clouds
        self.minimumCUDA = minimumCUDA
    }
}

/// A GPU type, and on what terms it is to be had.
///
/// It reserves nothing: an offer in stock may still be refused, and one out of stock may be had a second later.
package struct GPUOffer: Sendable, Equatable {
    /// How much of something is left, in the provider's own four steps.
    package enum Stock: Int, Sendable, Comparable, CaseIterable {
        case none
        case low
        case medium
        case high

        package static func < (left: Stock, right: Stock) -> Bool { left.rawValue < right.rawValue }
    }

    /// What holds in one cloud.
    package struct Terms: Sendable, Equatable {
        /// For one GPU.
        package var pricePerHour: Money?
        /// Nil when the provider did not say.
        package var stock: Stock?
        package var dataCentres: [DataCentreID: Stock]
        /// The versions that hosts with a free GPU of this type report; empty when the provider did not say.
        package var cudaVersions: [CUDAVersion]

        package init(
            pricePerHour: Money? = nil, stock: Stock? = nil, dataCentres: [DataCentreID: Stock] = [:],
            cudaVersions: [CUDAVersion] = []
        ) {
            self.pricePerHour = pricePerHour
            self.stock = stock
            self.dataCentres = dataCentres
            self.cudaVersions = cudaVersions
        }
    }

    package var id: GPUID
    package var displayName: String
    package var memoryGB: Int?
    /// Only the clouds in which the type exists at all.
    package var terms: [Cloud: Terms]

    package init(id: GPUID, displayName: String, memoryGB: Int? = nil, terms: [Cloud: Terms] = [:]) {
        self.id = id
        self.displayName = displayName
        self.memoryGB = memoryGB
        self.terms = terms
    }
}

/// What the provider billed for a pod in some time.
package struct BillingRecord: Sendable, Equatable {
    package var pod: PodID
    package var from: Date
    package var to: Date
    package var amount: Money

    package init(pod: PodID, from: Date, to: Date, amount: Money) {
        self.pod = pod
        self.from = from
        self.to = to
        self.amount = amount
    }
}
