from certify.api import accuracy as accuracy
from certify.api import check as check
from certify.api import explain as explain
from certify.api import hypotheses as hypotheses
from certify.api import load as load
from certify.api import prove as prove
from certify.api import prove_noise as prove_noise
from certify.api import sample_accuracy as sample_accuracy
from certify.certificate import Certificate as Certificate
from certify.checker import Accepted as Accepted
from certify.claims import Pair as Pair
from certify.claims import RatioRange as RatioRange
from certify.errors import CertificateFormatError as CertificateFormatError
from certify.errors import CertifyError as CertifyError
from certify.errors import InternalError as InternalError
from certify.errors import MissingExtraError as MissingExtraError
from certify.errors import ModelFileError as ModelFileError
from certify.errors import NothingDecidedError as NothingDecidedError
from certify.errors import Rejected as Rejected
from certify.errors import UsageError as UsageError
from certify.model import Network as Network
from certify.result import Result as Result
from certify.task import SecondArgmax as SecondArgmax

__all__: list[str]
__version__: str
