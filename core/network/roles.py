"""SCP/SCU role selection, PS3.7 D.3.3.4: an acceptor that asks, as C-GET and others need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace
from pydicom.uid import UID
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation as Role

from core.network.association import Context
from core.network.contexts import Offer


def proposals(offers: Iterable[Offer]) -> tuple[Role, ...]:
    """A role for each SOP class on which we would be the SCP."""
    return tuple(
        _role(uid, scu=False, scp=True)
        for uid in dict.fromkeys(offer.abstract_syntax for offer in offers if offer.as_scp)
    )


def asked_for(asked: Iterable[Role], answered: Iterable[Role]) -> tuple[Role, ...]:
    """As requestor, the roles of an answer that were asked for; others do not count."""
    wanted = as_scp(asked)
    return tuple(role for role in answered if str(role.sop_class_uid) in wanted)


def as_scp(roles: Iterable[Role]) -> frozenset[str]:
    """The SOP classes on which the requestor wants to be (or, in an answer, is) the SCP."""
    return frozenset(str(role.sop_class_uid) for role in roles if role.scp_role)


def scp_only(roles: Iterable[Role]) -> frozenset[str]:
    """The SOP classes on which the requestor wants to be the SCP, and no SCU."""
    return frozenset(
        str(role.sop_class_uid) for role in roles if role.scp_role and not role.scu_role
    )


def answers(asked: Sequence[Role], accepted: Mapping[int, Context]) -> tuple[Role, ...]:
    """As acceptor, grant what is asked for on each SOP class that has an accepted context."""
    granted = {context.abstract_syntax for context in accepted.values()}
    return tuple(
        _role(str(role.sop_class_uid), scu=bool(role.scu_role), scp=bool(role.scp_role))
        for role in asked
        if str(role.sop_class_uid) in granted and (role.scu_role or role.scp_role)
    )


def mark(contexts: Mapping[int, Context], roles: Iterable[Role]) -> dict[int, Context]:
    """The contexts, those marked on which the requestor is the SCP."""
    turned = as_scp(roles)
    return {
        number: replace(context, reversed=context.abstract_syntax in turned)
        for number, context in contexts.items()
    }


def _role(uid: str, *, scu: bool, scp: bool) -> Role:
    role = Role()
    role.sop_class_uid = UID(uid)
    role.scu_role = scu
    role.scp_role = scp
    return role
